import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useTexts } from '../i18n/texts';
import { IconButton } from './Button';

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode | undefined;
  /** A question that wants an answer: no closing by a click beside it. */
  isQuestion?: boolean | undefined;
}

export function Dialog({ title, isOpen, onClose, children, actions, isQuestion = false }: DialogProps) {
  const { t } = useTexts();
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} isDismissable={!isQuestion} onOpenChange={(open) => !open && onClose()}>
      <Modal className="dialog">
        <AriaDialog role={isQuestion ? 'alertdialog' : 'dialog'} className="dialog__inner">
          <header className="dialog__head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!isQuestion && <IconButton label={t('common.close')} icon={X} onPress={onClose} />}
          </header>
          <div className="dialog__body">{children}</div>
          {actions && <footer className="dialog__actions">{actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
